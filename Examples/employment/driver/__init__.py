"""The driver of the employment example: it plays the world around the line (people who ask, labels that arrive, a pager that rings)."""
