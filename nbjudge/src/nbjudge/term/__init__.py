"""What surrounds grading: hand-ins, rosters and dates in, grades and feedback out."""
