"""What a programme of learning brings: the analyses behind the reports for people in charge."""
