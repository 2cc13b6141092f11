"""What a model is worth: scores with intervals, slices, report and card."""
