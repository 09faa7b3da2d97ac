"""More documents made from those that clean keeps: shuffled, with synonyms, rewritten, or as questions and answers."""
