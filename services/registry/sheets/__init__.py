"""Spreadsheets of registry: stations, workers, agencies, postings, trainings, supervisions.

* kinds     what each sheet holds: its columns, in Chinese and English, and their words
* files     xlsx and csv: rows streamed in, reports and templates written
* cells     from what stands in cells to what is asked for over HTTP
* lines     one row of a sheet and what became of it
* found     what the rows of a batch refer to, read at once
* stations, bodies, workers, trainings, supervisions   what a row means, by kind
* importing batches, each one transaction; a report per row
* exporting rows out of registry, as a sheet that could be imported again
"""
