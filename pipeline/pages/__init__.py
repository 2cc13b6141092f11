"""Pages for people: templates filled, and HTML of one file each, with all that it needs inside."""
