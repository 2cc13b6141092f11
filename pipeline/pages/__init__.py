"""HTML pages for people: one file each, with all that it needs inside."""
