"""What the bot knows: pure values and functions that touch nothing outside themselves."""
