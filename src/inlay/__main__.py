"""`python -m inlay`: the command line where the program `inlay` is not on the PATH."""

from inlay.cli import main

if __name__ == "__main__":
    main(prog_name="inlay")
