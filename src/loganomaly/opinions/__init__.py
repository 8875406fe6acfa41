"""Second opinions of models on the findings of an analysis."""
