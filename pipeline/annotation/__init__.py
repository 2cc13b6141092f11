"""From the data to the annotation tool and back: what changed, who agrees, what to look at."""
