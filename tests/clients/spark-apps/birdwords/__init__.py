"""A package that goes to every executor by --py-files."""


def normal(word):
    return word.strip(".,").lower()
