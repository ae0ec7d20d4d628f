"""What all questions share: processes, schedules, peers, the raw-socket floor, results and their page."""
