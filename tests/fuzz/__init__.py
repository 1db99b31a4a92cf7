"""What strangers can put in: no input may surprise us, and none may cost more than it is long."""
