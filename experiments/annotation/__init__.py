"""Of labels made wrong on purpose, how many a review finds first and what mending them is worth; which texts to annotate next."""
