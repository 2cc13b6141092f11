"""An experiment with a pipeline of its own: does tagging the entities help to classify the relation? See README.md."""
