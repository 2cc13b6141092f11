def find(tables, negative_label):
    for _ in tables:
        pass
    return ()


def lines(found):
    return []


def as_problems(found):
    return []
