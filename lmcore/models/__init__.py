"""Language models from counts to transformers (chapter 8).

===============  ===============================================
section          modules
===============  ===============================================
8.1, 8.2 counts  `ngram`
8.3 features     `nplm`, trained by `optim`
8.4 recurrence   `rnn`
8.5 attention    `transformer`, made of `blocks`, and `layers`
===============  ===============================================

`neural` says what the families of networks share and serves their parameters as a language model,
`characters` are the tokens of the pocket models, `pretrained` loads those. Nothing is imported
until it is asked for.
"""
