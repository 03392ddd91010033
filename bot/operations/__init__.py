"""Operating the bot: health, metrics, doctor, backup, pumps, logs."""
