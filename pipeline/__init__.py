"""From relation-annotated text to a trained, evaluated multi-task model: a module a stage."""
