"""What every subject stands on: contracts, params, errors, the shell of commands, storage."""
