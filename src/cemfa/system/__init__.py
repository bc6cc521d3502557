"""Numbers: the compiled system, its elimination, the draws and the annual balance."""
