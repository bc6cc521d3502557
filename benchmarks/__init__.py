"""What is measured (`subjects`), what is done with it (`verbs`) and how it is timed (`drivers`), kept apart."""
