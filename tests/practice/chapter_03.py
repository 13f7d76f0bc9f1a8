"""Answers to the practice boxes of chapter 3."""

from practice import Answers

ANSWERS = {
    "ex-merge": Answers(
        right={
            "by the larger half": '''
def merged_lse(a, b):
    top = max(a, b)
    return top + np.log(np.exp(a - top) + np.exp(b - top))
''',
            "numpy has it": '''
def merged_lse(a, b):
    return np.logaddexp(a, b)
'''},
        wrong={
            "added": ('''
def merged_lse(a, b):
    return a + b
''', "not the sum or the mean of the two"),
            "exponentials first": ('''
def merged_lse(a, b):
    return np.log(np.exp(a) + np.exp(b))
''', "subtract the larger of the two first"),
        }),
}
