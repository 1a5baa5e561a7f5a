"""Parts that every package uses: the parameter file, atomic files, errors, seeding."""
