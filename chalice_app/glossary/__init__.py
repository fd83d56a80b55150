"""What a speaker says about words: terms, which have a form in each language, and blocked words.

Read `terms` first (the values), then `wording`, which applies a glossary to a sentence. `words`
knows what a word is, `matching` finds terms among them, `markup` keeps an engine's hands off them.
`parsing` reads what clients and files send; `glossaries` keeps a session's glossary, for
`translation` and the routes. All but `glossaries` is pure.
"""
