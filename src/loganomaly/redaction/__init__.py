"""Secrets: where they are, and how they are kept out of every output."""
