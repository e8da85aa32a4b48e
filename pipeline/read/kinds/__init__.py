"""One file per format: its settings, how it recognises itself, how it reads. Found by folder; a new file is a new format."""
