"""Check params.yaml and write down what each text is."""
