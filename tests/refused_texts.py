"""Files that are no texts, and what commands say about them."""

REFUSED = {
    "binary.bin": (bytes(range(1, 256)) * 20, "so this is a binary file"),
    "mixed.txt": (
        ("Утром в лесу было тихо и светло.\n" * 20).encode()
        + ("Утром в лесу было тихо.\n" * 40).encode("cp1251"),
        "convert the file to one encoding, or name the encoding with --encoding\n",
    ),
    "empty.txt": (b"", "the file is empty, expected at least 32 characters that are not blank"),
    "short.txt": (b"Short.\n", "has only 6 characters that are not blank, expected at least 32"),
    "foreign.txt": (
        b"Rights: Copyrighted\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n"
        + b"Words of the book.\n" * 90,
        "give --allow-copyrighted to 'charlab clean', and use the file that it writes",
    ),
}
"""Content, and words of the message, by name of the file."""
