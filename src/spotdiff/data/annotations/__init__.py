"""What is drawn on pictures in annotation tools, whichever tool's file it came from or goes to."""
