"""Code shared by all packages: parameter schemas, atomic files, errors, seeding."""
