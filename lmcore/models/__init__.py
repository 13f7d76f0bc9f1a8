"""Language models from counts to transformers (chapter 8).

==================  ==================================================================================
section             modules
==================  ==================================================================================
8.1, 8.2 counts     `ngram`
8.3 features        `nplm`, trained by `optim`
8.4 recurrence      `rnn`
8.5 attention       `transformer`, made of `blocks`, those of `layers`
==================  ==================================================================================

`neural` serves parameters as a language model, `train` makes them, `pretrained` carries the pocket models,
`evaluate` compares those in bits per byte. Nothing is imported until it is asked for.
"""
