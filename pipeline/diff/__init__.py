"""What is different between two datasets: versions of one that tuneset built, or any two training files."""
