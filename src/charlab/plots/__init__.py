"""One function per figure: data in, figure out."""
