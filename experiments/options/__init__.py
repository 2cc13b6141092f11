"""What each choice of the train section is worth: every one changed alone, by seeds and intervals."""
