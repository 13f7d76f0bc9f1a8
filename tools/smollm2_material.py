"""What SmolLM2 is asked: texts, prompts and answers whose probabilities are recorded.

The speeches are public domain; every question, answer and prompt was written for this course.
"""

from collections import namedtuple

from lmcore.data.texts import speeches
from tools.smollm2_model import BOS, EOS

# ---- teacher-forced windows: (speech, first token); six eras, openings and middles. Nothing said
# in 2026 can have been in the training data of weights published by February 2025.
WINDOW = 1024
WINDOWS = [
    ("1790-Washington-1", 0),
    ("1795-Washington-1", 1024),
    ("1798-Adams-1", 1024),
    ("1861-Lincoln-1", 0),
    ("1862-Lincoln-1", 4096),
    ("1864-Lincoln-1", 2048),
    ("1890-Harrison-1", 0),
    ("1894-Cleveland-1", 4096),
    ("1898-McKinley-1", 8192),
    ("1934-Roosevelt-1", 0),
    ("1936-Roosevelt-1", 1024),
    ("1939-Roosevelt-1", 2048),
    ("1961-Kennedy-1", 0),
    ("1965-Johnson-1", 2048),
    ("2026-Trump-1", 0),
    ("2026-Trump-1", 2048),
    ("2026-Trump-1", 4096),
    ("2026-Trump-1", 6144),
]


def chat(question):
    """The model's own chat template around one question, ready for the answer."""
    return (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging"
        f" Face<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    )


# the options of a question that is answered by a letter
LETTERS = "ABCD"
FORMS = {"plain": " ", "chat": ""}  # what stands before the letter

# the prompt that stands for "no question" in pointwise mutual information
NEUTRAL = "Answer:"

# ---- prefixes whose next-token logits are kept in full
PREFIXES = {
    "start": "",
    "neutral": NEUTRAL,
    "fact": "The capital of France is",
    "sum": "2 + 2 = ",
    "peaked": "The Constitution of the United",
    "famous": "We hold these truths to be self-evident, that all men are created",
    "color": "My favorite color is",
    "quote": 'He looked at her and said, "',
    "list": "Monday, Tuesday, Wednesday,",
    "mid-word": "It was unbeliev",
    "errand": "I went to the bank to",
    "opposite": "The opposite of sad is",
    "code": "def add(a, b):\n    return",
    "chat": chat("What is the capital of France?"),
}

# ---- greedy continuations of 60 tokens, and prefixes whose likeliest continuations are all kept
GREEDY_STEPS = 60
GREEDY = {
    "advice": "The most important thing in life is",
    "opposite": "The opposite of sad is",
    "story": "Once upon a time, there was a",
    "president": "The President of the United States",
}
TREE_BRANCHES, TREE_DEPTH, BEAM_WIDTHS, BEAM_DEPTH = 4, 5, range(1, 7), 10
TREES = {"color": "My favorite color is", "chat": chat("What is the capital of France?")}

# ---- questions: the right answer first; the recording rotates them so that its place tells nothing
QUESTIONS = [
    (
        "What is the capital of Australia?",
        "Canberra",
        "Sydney, the largest city in the country",
        "Perth",
        "Melbourne",
    ),
    (
        "Who wrote the play Hamlet?",
        "William Shakespeare",
        "Dante",
        "Charles Dickens, the author of Oliver Twist",
        "Homer",
    ),
    ("What do bees make?", "honey", "milk", "silk for clothing", "paper that people write on"),
    (
        "What is the largest planet in the solar system?",
        "Jupiter",
        "Mars",
        "the Moon",
        "Saturn, the planet with the rings",
    ),
    (
        "Why is the sky blue?",
        "because air scatters blue light more than red light",
        "paint",
        "because of the sea",
        "because blue is a color",
    ),
    (
        "What is photosynthesis?",
        "the process by which plants turn light, water and carbon dioxide into sugar",
        "a camera",
        "a kind of rock",
        "the study of old coins and medals",
    ),
    (
        "What causes the tides?",
        "the pull of the Moon and the Sun on the oceans",
        "wind",
        "fish",
        "large ships that cross the oceans",
    ),
    (
        "At what temperature does water boil at sea level?",
        "100 degrees Celsius",
        "zero",
        "50",
        "30 degrees Celsius in the shade",
    ),
    (
        "Who was the first President of the United States?",
        "George Washington",
        "Lincoln",
        "Thomas Jefferson of Virginia",
        "Obama",
    ),
    ("In which year did World War II end?", "1945", "1066", "in 1918, with the armistice", "1999"),
    (
        "What is a democracy?",
        "a form of government in which the people choose their leaders",
        "a king",
        "a city",
        "a kind of government by soldiers",
    ),
    ("What is the opposite of hot?", "cold", "warm", "a very high temperature", "red"),
    ("How many legs does a spider have?", "eight", "two", "four, like a dog or a cat", "six"),
    (
        "What language is spoken in Brazil?",
        "Portuguese",
        "Latin",
        "Spanish, as in most of South America",
        "Dutch",
    ),
    (
        "What is the chemical symbol for gold?",
        "Au",
        "G",
        "Go",
        "the letters Ag, from the Latin argentum",
    ),
    (
        "What is the largest ocean?",
        "the Pacific Ocean",
        "Erie",
        "the Black Sea",
        "the Atlantic Ocean between Europe and America",
    ),
    (
        "What does a thermometer measure?",
        "temperature",
        "time",
        "weight",
        "the distance between two cities",
    ),
    (
        "Why do we have seasons?",
        "because the axis of the Earth is tilted as it goes around the Sun",
        "rain",
        "because of the Moon",
        "clouds",
    ),
    (
        "What is gravity?",
        "the force that pulls objects with mass toward each other",
        "air",
        "a gas",
        "a kind of bird that lives near water",
    ),
    (
        "Who painted the Mona Lisa?",
        "Leonardo da Vinci",
        "Picasso",
        "Vincent van Gogh, who lived in Arles",
        "Monet",
    ),
    (
        "What is the main ingredient of bread?",
        "flour",
        "salt",
        "sugar",
        "the juice of fresh oranges",
    ),
    (
        "Where does the Nile end?",
        "in the Mediterranean Sea",
        "Rome",
        "in the Pacific Ocean",
        "in a lake in the north of Russia",
    ),
    (
        "What is an island?",
        "a piece of land with water all around it",
        "a boat",
        "a mountain",
        "a road between two towns",
    ),
    (
        "What do you call a baby dog?",
        "a puppy",
        "cat",
        "a calf",
        "a young horse of less than one year",
    ),
    (
        "Who invented the telephone?",
        "Alexander Graham Bell",
        "Edison",
        "Newton",
        "Henry Ford, who built cars in Detroit",
    ),
    (
        "What is a lighthouse for?",
        "to warn ships of rocks and guide them at night",
        "heat",
        "to dry fish",
        "to keep books",
    ),
    (
        "Which animal is the tallest?",
        "the giraffe",
        "ants",
        "the dog",
        "the elephant, which has a long trunk",
    ),
    (
        "How do vaccines work?",
        "they train the immune system to recognize a germ before it causes disease",
        "magic",
        "they kill pain",
        "by making the blood warmer",
    ),
]
# the same, with an answer that repeats itself: each repetition is cheaper than the last
REPETITIVE = [
    ("Is the Earth flat?", "No, the Earth is round.", "No.", " ".join(["yes"] * 12)),
    ("What is the capital of Italy?", "Rome", "the city of Venice", " ".join(["Milan"] * 12)),
    ("What sound does a cow make?", "a low moo", "a bark", " ".join(["quack"] * 12)),
    ("What color is snow?", "Snow is white.", "green", " ".join(["black and"] * 8)),
]

TWO_ANSWERS = [
    ("The capital of Australia is", " Canberra", " the beautiful city of Sydney"),
    ("The sun rises in the", " east", " west of the country and sets in the east"),
    (
        "The author of Hamlet is",
        " William Shakespeare",
        " a man who was born in the town of Oxford",
    ),
    ("Fellow-Citizens of the Senate and", " House of Representatives", " Gentlemen"),
]

# the first three answers are what the model says under its chat template, the fourth is how it
# begins
CHATS = [
    ("What is the capital of France?", "The capital of France is Paris."),
    ("What is the capital of Japan?", "The capital of Japan is Tokyo."),
    ("How many days are in a week?", "A week is approximately 7 days."),
    ("What is the opposite of hot?", "The opposite of hot is cold."),
    ("Who wrote Romeo and Juliet?", "William Shakespeare wrote Romeo and Juliet."),
]

# a sentence, and what may stand before it
PROMPTS = [
    (
        " Paris is the capital of France and lies on the river Seine.",
        {
            "related": "Geography of France.",
            "unrelated": "How to bake bread.",
            "false": "The capital of France is Berlin.",
            "copy": "Paris is the capital of France and lies on the river Seine.",
        },
    ),
    (
        " The patient should take one tablet twice a day after meals.",
        {
            "related": "Instructions from your doctor.",
            "unrelated": "The rules of chess.",
            "false": "Never take tablets.",
            "copy": "The patient should take one tablet twice a day after meals.",
        },
    ),
    (
        " Congress shall have power to lay and collect taxes.",
        {
            "related": "Article I of the Constitution.",
            "unrelated": "A recipe for apple pie.",
            "false": "Congress shall have no power.",
            "copy": "Congress shall have power to lay and collect taxes.",
        },
    ),
]
CONTEXT_SPEECHES = ["1790-Washington-1", "1934-Roosevelt-1", "2026-Trump-1"]
CONTEXT_LENGTHS, CONTEXT_END, CONTEXT_TARGETS = [0, 8, 32, 128, 512], 512, 32

# question, opening of the answer, its completions, and the passages (speech, paragraph) that a
# retriever returns
RETRIEVAL = [
    (
        "In which city was the great fire?",
        "The great fire was in the city of",
        [" Chicago", " Boston", " Baltimore", " San Francisco"],
        [("1871-Grant-1", 71), ("1872-Grant-1", 2), ("1814-Madison-1", 8), ("1995-Clinton-1", 94)],
    ),
    (
        "Which anniversary of American independence will the Nation celebrate?",
        "The Nation will celebrate the",
        [" 250th anniversary", " 200th anniversary", " one hundredth anniversary"],
        [("2026-Trump-1", 2), ("1972-Nixon-1", 83), ("1876-Grant-1", 61), ("1899-McKinley-1", 224)],
    ),
    (
        "Which country ceded the territory to the United States?",
        "The territory was ceded to the United States by",
        [" Russia", " Spain", " France"],
        [
            ("1879-Hayes-1", 69),
            ("1819-Monroe-1", 6),
            ("1834-Jackson-1", 26),
            ("1883-Arthur-1", 102),
        ],
    ),
]

Request = namedtuple("Request", "group item label prompt_ids ids correct")
Request.__doc__ = (
    "Token ids to score after a prompt's token ids, and the names they are found under."
)


def paragraph(name, number):
    """One paragraph of a speech, counted from 0."""
    (speech,) = (s for s in speeches() if s.name == name)
    return speech.text.split("\n\n")[number]


def retrieval_prompt(passages, question, opening):
    """Passages, question and the opening of the answer, as the model reads them."""
    found = "".join(f"Passage: {passage}\n" for passage in passages)
    return f"{found}Question: {question}\nAnswer: {opening}"


def turns(items):
    """All rotations of a list, itself first."""
    return [items[turn:] + items[:turn] for turn in range(len(items))]


def letter_prompts(encode, form):
    """Each question with its four answers printed as A to D, in four orders.

    The answers of a question stand as in the recording and are then moved on by one place, so that
    each stands once at each letter.

    Parameters
    ----------
    encode : callable
        Text -> tuple of token ids.
    form : {"plain", "chat"}
        The question ends in "Answer:", or stands in the model's own chat template.

    Returns
    -------
    list of list of tuple of int
        Token ids of the prompt, by question and order.
    """
    prompts = []
    for number, (question, *answers) in enumerate(QUESTIONS):
        as_recorded = [answers[(k - number) % 4] for k in range(4)]
        orders = turns(as_recorded)
        texts = [
            f"Question: {question}\n"
            + "".join(f"{letter}. {text}\n" for letter, text in zip(LETTERS, order, strict=True))
            for order in orders
        ]
        if form == "plain":
            prompts.append([encode(f"{text}Answer:") for text in texts])
        else:
            prompts.append([encode(chat(f"{text}Answer with one letter.")) for text in texts])
    return prompts


def answer_requests(encode):
    """Multiple choice: every answer after its question and after the neutral prompt."""
    for group, questions in (("questions", QUESTIONS), ("repetition", REPETITIVE)):
        for number, (question, *answers) in enumerate(questions):
            for k in range(len(answers)):
                k = (k - number) % len(answers)
                ids = encode(f" {answers[k]}")
                yield Request(
                    group,
                    question,
                    answers[k],
                    encode(f"Question: {question}\nAnswer:"),
                    ids,
                    k == 0,
                )
                yield Request("unconditional", question, answers[k], encode(NEUTRAL), ids, k == 0)


def prompt_requests(encode):
    """One continuation after several prompts: answers, chat template, relevance, context."""
    for prompt, *answers in TWO_ANSWERS:
        for k, answer in enumerate(answers):
            yield Request(
                "two answers", prompt, answer.strip(), encode(prompt), encode(answer), k == 0
            )
    for question, answer in CHATS:
        prompts = {
            "none": "<|endoftext|>",
            "plain": f"{question}\n",
            "labelled": f"Question: {question}\nAnswer:\n",
            "chat": chat(question),
        }
        for label, prompt in prompts.items():
            yield Request("chat", question, label, encode(prompt), encode(answer) + (EOS,), True)
    for sentence, prompts in PROMPTS:
        for label, prompt in {"none": "<|endoftext|>", **prompts}.items():
            yield Request(
                "prompts", sentence.strip(), label, encode(prompt), encode(sentence), True
            )
    for name in CONTEXT_SPEECHES:
        (speech,) = (s for s in speeches() if s.name == name)
        ids = encode(speech.text)
        target = ids[CONTEXT_END : CONTEXT_END + CONTEXT_TARGETS]
        for length in CONTEXT_LENGTHS:
            before = ids[CONTEXT_END - length : CONTEXT_END] if length else (BOS,)
            yield Request("context", name, str(length), before, target, True)


def passages_of(places):
    """Label -> passage, in the order of its places."""
    return {f"{name}/{number}": paragraph(name, number) for name, number in places}


def retrieval_prompts(question, opening, places):
    """Label -> prompt: without a passage, with each one, with all of them."""
    passages = passages_of(places)
    return (
        {"none": retrieval_prompt([], question, opening)}
        | {
            label: retrieval_prompt([passage], question, opening)
            for label, passage in passages.items()
        }
        | {"all": retrieval_prompt(passages.values(), question, opening)}
    )


def passage_orders(encode):
    """The first question's prompts with its passages in several orders.

    Parameters
    ----------
    encode : callable
        Text -> tuple of token ids.

    Returns
    -------
    list of (list of str, tuple of int)
        Labels of the passages as they stand, and the token ids of the prompt: the order of
        `RETRIEVAL` and its rotations, then the reverse.
    """
    question, opening, _, places = RETRIEVAL[0]
    passages = passages_of(places)
    labels = list(passages)
    orders = [*turns(labels), labels[::-1]]
    return [
        (order, encode(retrieval_prompt([passages[label] for label in order], question, opening)))
        for order in orders
    ]


def retrieval_requests(encode):
    """Completions of an answer after each retrieved passage, after none and after all."""
    for question, opening, completions, places in RETRIEVAL:
        for label, prompt in retrieval_prompts(question, opening, places).items():
            for k, completion in enumerate(completions):
                yield Request(
                    "retrieval",
                    question,
                    f"{label}|{completion.strip()}",
                    encode(prompt),
                    encode(completion),
                    k == 0,
                )


def requests(encode):
    """Everything that is scored, in order.

    Parameters
    ----------
    encode : callable
        Text -> tuple of token ids.

    Returns
    -------
    list of Request
    """
    return [*answer_requests(encode), *prompt_requests(encode), *retrieval_requests(encode)]


def full_prefixes(encode):
    """Name -> token ids of every prefix whose logits are kept in full."""
    question, opening, _, places = RETRIEVAL[0]
    retrieval = {
        f"retrieval {label}": prompt
        for label, prompt in retrieval_prompts(question, opening, places).items()
    }
    return {name: encode(text) for name, text in (PREFIXES | retrieval).items()}
