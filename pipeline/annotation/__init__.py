"""What goes to an annotation tool and comes home from it: items, what is picked, and what was sent."""
