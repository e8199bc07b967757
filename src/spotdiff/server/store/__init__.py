"""What a server keeps: jobs, comparisons and places as rows, pictures and answers as files."""
