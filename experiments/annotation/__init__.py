"""How many labels that were made wrong on purpose does a review find first."""
