"""General instructions that the engine lacks or executes wrongly (Unicorn 2.1.4, which is QEMU 5.0 underneath).

Each file says what is wrong with its subject.  Where only some forms of an instruction are wrong, its declaration has
``only``, and the engine executes the other forms itself.
"""
