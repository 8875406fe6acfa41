"""Questions to language models: what they say, and how the text of a log stands in them as data."""
