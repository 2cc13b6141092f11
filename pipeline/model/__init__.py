"""The multi-task network and its CRF."""
