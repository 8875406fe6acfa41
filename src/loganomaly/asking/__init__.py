"""Asking a model with care: which one, how often, for how much, and never the same twice."""
