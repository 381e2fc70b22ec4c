"""What can be wrong with the words and the files of each command, as one table."""

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

# (command, exit code, words that stderr says). The files are made below; `no/…` is in a folder that is not.
BAD = [
    # in the command line alone
    ("trian", 2, "No such command 'trian'"),
    ("--no-such", 2, "--no-such"),
    ("train --no-such", 2, "--no-such"),
    ("train extra", 2, "extra"),
    ("train --epochs 0", 2, "--epochs"),
    ("train --epochs ten", 2, "--epochs"),
    ("train --epochs 1e3", 2, "--epochs"),
    ("train --batch-size 0", 2, "neither a whole number from 1 up nor 'full'"),
    ("train --batch-size 1.5", 2, "neither a whole number from 1 up nor 'full'"),
    ("train --learning-rate nan", 2, "not a finite number above 0"),
    ("train --learning-rate -1", 2, "not a finite number above 0"),
    ("train --schedule sometimes", 2, "sometimes"),
    ("train --loss hinge", 2, "hinge"),
    ("train --optimizer best", 2, "best"),
    ("train --optimizer momentum --momentum 1", 2, "a number from 0 to below 1"),
    ("train --momentum 0.5", 2, "--momentum means nothing to sgd"),
    ("train --weight-decay inf", 2, "a finite number from 0 up"),
    ("train --init ones", 2, "ones"),
    ("train --hidden 0", 2, "not a list of whole numbers"),
    ("train --hidden 8,,8", 2, "not a list of whole numbers"),
    ("train --hidden 99999", 2, "not a list of whole numbers"),
    ("train --hidden 1,1,1,1,1,1", 2, "6 hidden layers are more than 5"),
    ("train --hidden 8 --init zeros", 2, "would all stay the same"),
    ("train --activation step", 2, "step"),
    ("train --hidden 8 --dropout 1", 2, "not a number from 0 to below 1"),
    ("train --hidden 8 --dropout nan", 2, "not a number from 0 to below 1"),
    ("train --dropout 0.5", 2, "--dropout leaves out hidden units, and there are none"),
    ("train --output softmax", 2, "not one of none, sigmoid, tanh"),
    ("train --output sigmoid", 2, "--output sigmoid means nothing to cross-entropy"),
    ("train --seed -1", 2, "--seed"),
    ("train --validation 0.95", 2, "a fraction from 0 to 0.9"),
    ("train --first 0", 2, "neither a whole number from 1 up nor 'all'"),
    ("train --data few.npz --first 70000", 1, "--first 70000 is more than the 1,000 training images"),
    ("train --patience 2", 2, "nothing is set aside"),
    ("train --target-accuracy 92", 2, "a fraction from 0 to 1"),
    ("train --every 0 --checkpoint new.npz", 2, "--every"),
    ("train --min-accuracy 92", 2, "--min-accuracy"),
    ("train --workers 2", 2, "--workers means nothing without --cluster"),
    ("train --cluster udp://host:8786", 2, "udp://host:8786 is not the address of a scheduler"),
    ("train --cluster local:0", 2, "local:0 asks for no number of workers"),
    ("train --cluster=", 2, "--cluster names no scheduler"),
    ("train --cluster none.json", 2, "there is no scheduler file none.json"),
    ("train --cluster local:2 --workers 3", 2, "--workers 3 is more than local:2 starts"),
    ("train --class-names a", 2, "2 to 100 names"),
    ("train --class-names a,,b", 2, "the name of class 1 is empty"),
    ("train --class-names a,b,a", 2, "two classes are called a"),
    ("train --out - --json", 2, "both want stdout"),
    ("train --data few.npz --out few.npz", 2, "--out would write over few.npz, which is read"),
    ("train --data few.npz --frames 5 --hidden 4", 2, "--frames keeps pictures of digits"),
    ("train --resume c.npz --epochs 9", 2, "--epochs contradicts c.npz"),
    # files that cannot be read, or are of another kind
    ("train --data no/where", 1, "there is no"),
    ("train --data mnist --transpose", 2, "--transpose means nothing for MNIST"),
    ("train --data few.npz --test-data no/where", 1, "there is no"),
    ("train --data few.npz --test-data two-set.npz --out two-set.npz", 2, "would write over two-set.npz"),
    ("train --data few.npz --test-share 0", 2, "0.0 is not a share from 0.001 to 0.999"),
    ("train --data few.npz --test-share nan", 2, "nan is not a share"),
    ("train --data text.txt", 1, "neither an .npz nor a .csv file, nor"),
    ("train --data empty.npz", 1, "not a whole .npz file"),
    ("train --data w.npz", 1, "has no array that is called as images are: it has weights, bias"),
    ("train --data folder", 1, "holds no folders of pictures, nor IDX files"),
    ("train --data few.npz --class-names a,b", 1, "2 names are given"),
    ("train --data few.npz --freeze text.txt", 1, "is not a picture of a kind that is read here"),
    ("train --data few.npz --freeze digit.png", 1, "not 28×28"),
    ("train --data few.npz --out no/w.npz", 1, "does not exist"),
    ("train --data few.npz --out folder", 1, "it is a folder"),
    ("train --data few.npz --out / --frames 3", 2, "/ can only be a folder"),
    ("train --data few.npz --log no/l.jsonl", 1, "does not exist"),
    ("train --data few.npz --checkpoint folder", 1, "it is a folder"),
    ("train --data few.npz --learning-rate 1e30 --loss squared-error", 1, "diverged at step"),
    ("train --resume no.npz", 1, "there is no checkpoint"),
    ("train --resume w.npz", 1, "is not a checkpoint"),
    ("train --resume text.txt", 1, "not a whole .npz file"),
    ("sweep --learning-rate 0.1,0", 2, "'0' is not a finite number above 0"),
    ("sweep --learning-rate 0.1,,1", 2, "'' is not a finite number above 0"),
    ("sweep --learning-rate log:1:0:3", 2, "two numbers above 0"),
    ("sweep --learning-rate 0:5", 2, "'0:5' is not log:FROM:TO:N"),
    ("sweep --seed 5:5", 2, "'5:5' is empty: its end is excluded"),
    ("sweep --seed ''", 2, "is not a whole number from 0"),
    ("sweep --optimizer sgd,ada", 2, "'ada' is not one of sgd"),
    ("sweep --optimizer sgd,momentum --momentum 0.5", 2, "--momentum means nothing to sgd"),
    ("sweep --hidden 64,none --init zeros", 2, "would all stay the same"),
    ("sweep --hidden 64,32+x", 2, "'32+x' is not a list of whole numbers"),
    ("sweep --deskew true", 2, "'true' is neither yes nor no"),
    ("sweep --augment 0.5", 2, "'0.5' is neither yes nor no"),
    ("sweep --validation 0", 2, "nothing is set aside to choose a trial by"),
    ("sweep --random 0", 2, "--random"),
    ("sweep --jobs 0", 2, "--jobs"),
    ("sweep --keep some", 2, "some"),
    ("sweep --jobs 2 --cluster local:2", 2, "--jobs means nothing with --cluster"),
    ("sweep --cluster local:0", 2, "local:0 asks for no number of workers"),
    ("sweep --cluster here", 2, "there is no scheduler file here"),
    ("sweep --data few.npz --cluster tcp://127.0.0.1:9", 1, "no scheduler answers at tcp://127.0.0.1:9"),
    ("sweep --seed 0:1000000", 2, "these are 1,000,000 trials"),
    ("sweep --seed 0:1000 --learning-rate log:0.01:1:1000", 2, "these are 1,000,000 trials"),
    ("sweep --data few.npz --out pictures", 1, "is no empty folder"),
    ("sweep --data few.npz --out text.txt", 1, "is no empty folder"),
    ("sweep --data few.npz --out sub", 1, "sub is the folder of another sweep"),
    ("sweep --data few.npz --out text.txt/new", 1, "cannot write text.txt/new"),
    ("sweep --data no/where", 1, "there is no"),
    ("sweep --data few.npz --freeze digit.png", 1, "not 28×28"),
    ("sweep --data few.npz --plot few.npz", 2, "few.npz, which is read"),
    ("sweep --data few.npz --plot new.jpg", 2, "--plot writes PNG, SVG or PDF, not .jpg"),
    ("sweep --data few.npz --plot - --json", 2, "both want stdout"),
    ("sweep --data few.npz --seed 0,1 --plot new.png --font torn.ttf", 1, "torn.ttf is not a font"),
    ("sweep --resume no", 1, "no is not the folder of a sweep"),
    ("sweep --resume folder", 1, "folder is not the folder of a sweep"),
    ("sweep --resume text.txt", 1, "text.txt is not the folder of a sweep"),
    ("sweep --resume sub", 1, "sub/sweep.json is not the plan of a sweep"),
    ("sweep --resume sub --seed 3", 1, "sub/sweep.json is not the plan of a sweep"),
    ("sweep --resume sub --resume sub", 2, "--resume is given twice"),
    ("show-weights -w w.npz 10", 1, "knows no class 10"),
    ("show-weights --palette rainbow", 2, "rainbow"),
    ("show-weights --size 27", 2, "--size"),
    ("show-weights --scale none", 2, "none"),
    ("show-weights -w w.npz --out - --json", 2, "both want stdout"),
    ("show-weights -w w.npz --terminal", 2, "No such option: --terminal"),
    ("show-weights -w w.npz cat", 1, "knows no class cat"),
    ("show-weights -w w.npz 1 2 --out text.txt/", 1, "cannot write text.txt/weights-1.png: not a directory"),
    ("show-weights -w w.npz 1 2 --out text.txt/new/", 1, "cannot write text.txt/new: not a directory"),
    ("show-weights -w w.npz 1 --out 1.jpg", 2, "--out writes a PNG, not .jpg"),
    ("explain digit.png -w w.npz --out why.jpg", 2, "--out writes a PNG, not .jpg"),
    ("compare w.npz w.npz --out both.webp", 2, "--out writes a PNG, not .webp"),
    ("curves l.jsonl --out curves.eps", 2, "--out writes PNG, SVG or PDF, not .eps"),
    ("evaluate -w w.npz --mistakes m.pdf", 2, "--mistakes writes a PNG, not .pdf"),
    ("lesson toes --plot toes.JPG", 2, "--plot writes PNG, SVG or PDF, not .JPG"),
    ("data show --data few.npz --out few.svg", 2, "--out writes a PNG, not .svg"),
    ("predict digit.png -w w.npz --saw saw.JPG", 2, "--saw writes a PNG, not .JPG"),
    ("predict digit.png blank.png -w w.npz --saw new.png", 1, "several pictures to new.png: it is not a"),
    ("predict digit.png -w w.npz --saw - --json", 2, "--saw - and --json both want stdout"),
    ("predict digit.png blank.png -w w.npz --saw -", 2, "--saw - takes one picture, not several"),
    ("show-weights -w w.npz --out no/p.png", 1, "does not exist"),
    ("show-weights -w w.npz 1 2 --out folder --font no.ttf", 1, "there is no font file no.ttf"),
    ("show-weights -w w.npz --font folder", 1, "there is no font file folder"),
    ("show-weights -w w.npz --font text.txt", 1, "text.txt is not a font"),
    ("show-weights -w w.npz --font empty.npz", 1, "empty.npz is not a font"),
    ("show-weights -w w.npz --font torn.ttf", 1, "torn.ttf is not a font that can be used, or is damaged"),
    ("show-weights -w w.npz --font huge.ttf", 1, "larger than 50,000,000 bytes"),
    ("show-weights -w w.npz --font signs.ttf", 1, "lacks digits"),
    ("evaluate -w w.npz --confusion new.png --font torn.ttf", 1, "torn.ttf is not a font"),
    ("evaluate -w w.npz --mistakes new.png --font torn.ttf", 1, "torn.ttf is not a font"),
    ("explain -w w.npz digit.png --font torn.ttf", 1, "torn.ttf is not a font"),
    ("compare w.npz w.npz --font torn.ttf", 1, "torn.ttf is not a font"),
    ("animate -w w.npz --font torn.ttf", 1, "torn.ttf is not a font"),
    ("curves l.jsonl --font torn.ttf", 1, "torn.ttf is not a font"),
    ("data show --data few.npz --font torn.ttf", 1, "torn.ttf is not a font"),
    ("lesson toes --plot new.png --font torn.ttf", 1, "torn.ttf is not a font"),
    ("show-weights -w w.npz --layer 3", 1, "no layer 3"),
    ("show-weights -w hidden.npz", 1, "hidden layers"),
    ("show-weights -w no.npz", 1, "there is no weights file"),
    ("show-weights -w folder", 1, "is a folder"),
    ("show-weights -w empty.npz", 1, "not a whole .npz file"),
    ("show-weights -w few.npz", 1, "it has no record"),
    ("evaluate --split dev", 2, "dev"),
    ("evaluate --min-accuracy nan", 2, "--min-accuracy"),
    ("evaluate --most 0", 2, "--most"),
    ("evaluate -w w.npz --confusion - --mistakes -", 2, "stdout"),
    ("evaluate -w w.npz --confusion - --json", 2, "both want stdout"),
    ("evaluate -w w.npz --confusion same.png --mistakes same.png", 2, "same file"),
    ("evaluate -w text.txt", 1, "not a whole .npz file"),
    ("evaluate -w w.npz --confusion no/c.png", 1, "does not exist"),
    ("evaluate -w w.npz --data no/where", 1, "there is no"),
    ("evaluate -w two.npz --data few.npz", 1, "has 10 classes, and this network knows 2"),
    ("predict", 2, "no image is named"),
    ("predict digit.png --index 1", 2, "contradict each other"),
    ("predict digit.png --split train", 2, "--split means nothing without --index"),
    ("predict digit.png --data few.npz", 2, "--data means nothing without --index"),
    ("predict digit.png --transpose", 2, "--transpose means nothing without --index"),
    ("predict --index 0 --as-is", 2, "--as-is means nothing with --index"),
    ("explain digit.png --split test", 2, "--split means nothing without --index"),
    ("predict test.csv", 2, "need a place"),
    ("predict test.csv digit.png --out a.csv", 2, "is answered alone"),
    ("predict test.csv --out a.csv --as-is", 2, "--as-is means nothing for a .csv file"),
    ("predict test.csv --out a.csv --saw saw.png", 2, "--saw means nothing for a .csv file"),
    ("predict test.csv --out a.csv --csv", 2, "--csv means nothing for a .csv file"),
    ("predict -w w.npz digit.png --csv --json", 2, "--json and --csv contradict each other"),
    ("predict -w w.npz digit.png --csv --saw -", 2, "--saw - and --csv both want stdout"),
    ("predict test.csv --out - --json", 2, "both want stdout"),
    ("predict test.csv --out test.csv", 2, "test.csv"),
    ("predict test.csv --out answers.npz", 2, "--out writes CSV, not .npz"),
    ("import", 2, "Missing argument"),
    ("import text.txt", 1, "neither safetensors nor an .npz file"),
    ("import w.npz --mean 0 --std 1 --out copy.npz", 1, "is no file of another program"),
    ("import no.npz --mean 0 --std 1", 1, "cannot read no.npz"),
    ("import w.npz --mean 0", 2, "--std is missing"),
    ("export -w w.npz --to pt", 2, "--to"),
    ("export -w text.txt --to csv", 1, "not a whole .npz file"),
    ("export -w w.npz --to json --out copy.npz", 2, "--out writes JSON, not .npz"),
    ("export -w w.npz --to csv --out w.XLSX", 2, "--out writes CSV, not .XLSX"),
    ("export -w w.npz --to safetensors --out w.pt", 2, "--out writes a safetensors file, not .pt"),
    ("export -w w.npz --to onnx --out w.pth", 2, "--out writes an ONNX file, not .pth"),
    ("predict digit.png --out a.csv", 2, "--out is for the answers to a .csv file"),
    ("predict -w w.npz test.csv --out a.csv", 1, "there is no file test.csv"),
    ("predict -w w.npz ragged.csv --out a.csv", 1, "line 2 has 3 columns"),
    ("predict - -", 2, "stdin holds one file, and - is named twice"),
    ("predict - --weights -", 2, "stdin holds one file, and - is named twice"),
    ("explain - --weights -", 2, "stdin holds one file, and - is named twice"),
    ("compare - -", 2, "stdin holds one file, and - is named twice"),
    ("curves - l.jsonl -", 2, "stdin holds one file, and - is named twice"),
    ("animate --weights -", 2, "the snapshots lie beside a weights file"),
    ("predict --index -1", 2, "--index"),
    ("predict -w w.npz digit.png --saw - --json", 2, "both want stdout"),
    ("predict -w w.npz --index 999999", 1, "there is no test image 999999"),
    ("predict -w w.npz no.png", 1, "does not exist"),
    ("predict -w w.npz text.txt", 1, "is not a picture"),
    ("predict -w w.npz empty.npz", 1, "is empty"),
    ("predict -w w.npz folder", 1, "is a folder"),
    ("predict -w w.npz blank.png", 1, "nothing that could be a digit"),
    ("predict -w w.npz phone.heic", 1, "phone.heic is a HEIC picture"),
    ("predict -w w.npz torn.png", 1, "damaged"),
    ("predict -w w.npz digit.png --as-is", 1, "not 28"),
    ("predict -w w.npz digit.png --saw no/s.png", 1, "does not exist"),
    ("explain", 2, "no image is named"),
    ("explain digit.png --index 1", 2, "contradict each other"),
    ("explain -w w.npz digit.png --out - --json", 2, "both want stdout"),
    ("explain -w w.npz digit.png --against cat", 1, "knows no class cat"),
    ("explain -w w.npz blank.png", 1, "nothing that could be a digit"),
    ("explain -w w.npz digit.png --out text.txt/", 1, "not a directory"),
    ("explain -w w.npz --index 0 --index 1 --out why.png", 1, "it is not a folder"),
    ("explain -w w.npz --index 0 --index 1 --out -", 2, "takes one picture, not several"),
    ("explain -w w.npz -w hidden.npz digit.png", 2, "--weights is given twice"),
    ("explain -w w.npz digit.png --against 1 --against 2", 2, "--against is given twice"),
    ("compare w.npz", 2, "B.npz"),
    ("compare w.npz w.npz --out - --json", 2, "both want stdout"),
    ("compare w.npz no.npz", 1, "there is no weights file"),
    ("compare w.npz hidden.npz", 1, "hidden layers"),
    ("compare w.npz two.npz", 1, "classes"),
    ("animate -w .", 1, ". is a folder, not an .npz file"),
    ("animate --seconds 0", 2, "--seconds"),
    ("animate -w w.npz --out film.txt", 2, "film.txt"),
    ("animate -w w.npz 11", 1, "knows no class 11"),
    ("animate -w two.npz", 1, "there are no snapshots"),
    ("animate -w hidden.npz", 1, "snapshots"),
    ("animate -w w.npz --out no/a.gif", 1, "does not exist"),
    ("curves", 2, "FILE.jsonl"),
    ("curves l.jsonl --out - --json", 2, "both want stdout"),
    ("curves no.jsonl", 1, "no such file"),
    ("curves text.txt", 1, "line 1 of text.txt is not an epoch"),
    ("curves empty.npz", 1, "has no epoch yet"),
    ("train --log -", 2, "--log takes a file, not stdout"),
    ("train --checkpoint -", 2, "--checkpoint takes a file, not stdout"),
    ("curves folder", 1, "is a directory"),
    ("curves l.jsonl --out no/c.png", 1, "does not exist"),
    ("verify no.npz", 1, "there is no weights file"),
    ("verify c.npz", 1, "is not a weights file"),
    ("verify w.npz --data other.npz", 1, "was trained on other images"),
    ("lesson tose", 2, "there is no lesson tose"),
    ("lesson toes --learning-rate 0", 2, "number above 0"),
    ("lesson 5", 2, "there is no lesson 5"),
    ("lesson --book tolstoy", 2, "'tolstoy' is not one of 'grokking', 'nielsen'"),
    ("lesson --book grokking all", 2, "--book is for the list"),
    ("lesson hot-cold --step 0", 2, "number above 0"),
    ("lesson one-weight --iterations 0", 2, "is not a whole number from 1 to"),
    ("lesson one-weight --input nan", 2, "is not a number from -1,000,000"),
    ("lesson saturation --epochs 0", 2, "is not a whole number from 1 to"),
    ("lesson streetlights --batch six", 2, "'six' is not one of one, full"),
    ("lesson forward --inputs 1,2,inf", 2, "is not a"),
    ("lesson toes --iterations 1000000000", 2, "is not a whole number from 1 to"),
    ("lesson overfitting --variant drop", 2, "'drop' is not one of plain, dropout, batch"),
    ("lesson overfitting --iterations 0", 2, "is not a whole number from 1 to"),
    ("lesson overfitting --data text.txt", 1, "text.txt"),
    ("lesson activations --iterations 0", 2, "is not a whole number from 1 to"),
    ("lesson threshold --plot x.txt --no-such", 2, "--no-such"),
    ("lesson toes --plot no/p.png", 1, "does not exist"),
    ("lesson toes --plot folder", 1, "it is a folder"),
    ("lesson dot-product --weights text.txt", 1, "not a whole .npz file"),
    ("draw --weights no.npz", 1, "there is no weights file no.npz"),
    ("draw --weights w.npz --out w.npz", 2, "would write over w.npz"),
    ("draw --weights w.npz --out d.pdf", 2, "--out writes an HTML page, not .pdf"),
    ("report --weights no.npz", 1, "there is no weights file no.npz"),
    ("report --weights l.jsonl", 1, "l.jsonl is not a whole .npz file"),
    ("report --weights c.npz", 1, "is not a weights file"),
    ("report --weights w.frames.npz", 1, "holds snapshots, not a network"),
    ("report --weights few.npz", 1, "is not a weights file"),
    ("report --weights w.npz --log no.jsonl", 1, "no such file"),
    ("report --weights w.npz --log w.npz", 1, "line 1 of w.npz is not an epoch"),
    ("report --weights w.npz --log empty.npz", 1, "has no epoch yet"),
    ("report --weights w.npz --compare two.npz", 1, "tell different classes apart"),
    ("report --weights hidden.npz --compare w.npz", 1, "with hidden layers no single weight joins"),
    ("report --weights w.npz --data two-set.npz --offline --palette rainbow", 2, "rainbow"),
    ("report --weights two.npz --data few.npz", 1, "has 10 classes, and this network knows 2"),
    ("report --weights w.npz --out no/r.html", 1, "does not exist"),
    ("report --weights w.npz --out folder", 1, "it is a folder"),
    ("report --weights w.npz --out report.pdf", 2, "--out writes an HTML page, not .pdf"),
    ("report --weights w.npz --out w.npz", 2, "--out would write over w.npz, which is read"),
    ("report --weights w.npz --log l.jsonl --out l.jsonl", 2, "--out would write over l.jsonl"),
    ("report --weights w.npz --out - --json", 2, "both want stdout"),
    ("report --weights - --log -", 2, "stdin holds one file, and - is named twice"),
    ("data nothing", 2, "nothing"),
    ("data show --data few.npz --digit 10", 1, "these images have no class 10"),
    ("data show --count 0", 2, "--count"),
    ("data show --data few.npz --out - --json", 2, "both want stdout"),
    ("data fetch --offline --source openml", 2, "contradict each other"),
    ("data fetch --source moon", 2, "moon"),
    ("data info --offline", 2, "No such option: --offline"),
    ("data info --data no/where", 1, "there is no"),
    ("data info --data few.npz --class-names a,b", 1, "2 names are given"),
    ("data show --data two-set.npz --digit 9", 1, "no class 9"),
    ("data show --data few.npz --out no/s.png", 1, "does not exist"),
    ("data info few.npz --data few.npz", 2, "PATH and --data contradict each other"),
    ("data info few.npz --test-share 0.5", 1, "has images to test of its own"),
    ("data show few.npz --out few.npz", 2, "--out would write over few.npz, which is read"),
    ("data show --data mnist --test-data few.npz --out few.npz", 2, "--out would write over few.npz"),
    ("data info ragged.csv", 1, "ragged.csv: line 2 has 3 columns, not 785"),
    ("data info open.csv", 1, "open.csv: line 1 has a quote that does not close"),
    ("data info words.csv", 1, "words.csv: line 1 has 2 columns, not those of an image"),
    ("data info no.csv", 1, "there is no"),
    ("data info pictures", 1, "b.png is 112 × 112 pixels, not 28 × 28"),
    ("data info pictures --handwriting", 1, "a.png shows nothing that could be a digit"),
    (
        "data info few.npz --handwriting",
        1,
        "--handwriting means nothing for few.npz, which is read as an .npz file",
    ),
    ("data verify", 1, "is not cached"),
]


@pytest.fixture(scope="module")
def made(few, tmp_path_factory):
    """The files that the table speaks of, and a folder."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "folder").mkdir()
    (folder / "sub").mkdir()
    (folder / "sub" / "sweep.json").write_text("meow\n")
    (folder / "few.npz").write_bytes(few.read_bytes())
    (folder / "text.txt").write_text("meow\n")
    (folder / "empty.npz").write_bytes(b"")
    with np.load(few) as file:
        arrays = dict(file)
    np.savez(folder / "other.npz", **arrays | {"test_images": arrays["test_images"][::-1]})
    two = {
        name: array[np.isin(arrays[name.replace("images", "labels")], [0, 1])]
        for name, array in arrays.items()
    }
    np.savez(folder / "two-set.npz", **two)
    picture = Image.fromarray(255 - arrays["test_images"][0]).resize((112, 112))
    picture.save(folder / "digit.png")
    Image.new("L", (112, 112), 255).save(folder / "blank.png")
    (folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    content = io.BytesIO()
    picture.save(content, "PNG")
    (folder / "torn.png").write_bytes(content.getvalue()[: len(content.getvalue()) // 2])
    row = ",".join(["0"] * 785)
    (folder / "ragged.csv").write_text(f"{row}\n1,2,3\n")
    (folder / "open.csv").write_text(f'"{row}\n{row}\n')
    (folder / "words.csv").write_text("name,age\nAnn,5\n")
    for name, image in (("a", Image.new("L", (28, 28))), ("b", picture)):
        (folder / "pictures" / name).mkdir(parents=True)
        image.save(folder / "pictures" / name / f"{name}.png")
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    (folder / "torn.ttf").write_bytes((fonts / "DejaVuSans.ttf").read_bytes()[:300_000])
    (folder / "signs.ttf").write_bytes((fonts / "STIXSizOneSymReg.ttf").read_bytes())
    with (folder / "huge.ttf").open("wb") as stream:
        stream.truncate(50_000_001)
    for options in (
        "--data few.npz --out w.npz --log l.jsonl --checkpoint c.npz --frames 2",
        "--data few.npz --out hidden.npz --hidden 4",
        "--data two-set.npz --out two.npz",
    ):
        command = [sys.executable, "-m", "mnistgd", "train", "--quiet", "--epochs", "1", *options.split()]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def place(made, monkeypatch):
    monkeypatch.chdir(made)
    return made


@pytest.mark.parametrize(("command", "code", "words"), BAD, ids=[command for command, *_ in BAD])
def test_bad_input(mnistgd, place, command, code, words):
    """Nothing on stdout, one line that says what is wrong, one that says what to do; and no file left."""
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    result = mnistgd(*shlex.split(command))
    assert (result.code, result.stdout) == (code, ""), result.stderr
    error, hint = result.stderr.splitlines()[-2:]
    assert error.startswith("error: ")
    assert words in error + hint
    assert hint.startswith("hint: ")
    assert "a bug" not in hint
    assert result.stderr.count("error: ") == result.stderr.count("hint: ") == 1
    assert "Traceback" not in result.stderr
    assert "Value error" not in result.stderr
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before


def test_the_table_is_about_every_command():
    import typer

    from mnistgd.cli.app import app

    words = [command.split() for command, *_ in BAD]
    for name, command in typer.main.get_command(app).commands.items():
        assert [name] in [row[:1] for row in words]
        for sub in getattr(command, "commands", {}):
            if sub != "clear":  # it takes no word that could be wrong
                assert [name, sub] in [row[:2] for row in words]


@pytest.mark.parametrize(
    ("variables", "command", "code", "words"),
    [
        ({"MNISTGD_WEIGHTS": "no.npz"}, "evaluate", 1, "there is no weights file no.npz"),
        ({"MNISTGD_WEIGHTS": "no/w.npz"}, "train --data few.npz", 1, "does not exist"),
        ({"MNISTGD_DATA": "no/where"}, "train", 1, "there is no"),
        ({"MNISTGD_OFFLINE": "perhaps"}, "train", 2, "MNISTGD_OFFLINE"),
        ({"MNISTGD_FONT": "no.ttf"}, "show-weights -w w.npz", 1, "there is no font file no.ttf"),
    ],
)
def test_bad_variables(mnistgd, place, monkeypatch, variables, command, code, words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = mnistgd(*command.split())
    assert (result.code, result.stdout) == (code, "")
    assert words in result.stderr
    assert result.stderr.count("error: ") == result.stderr.count("hint: ") == 1


def test_one_bad_picture_among_good_ones(mnistgd, place):
    """The others are answered; the exit code says that not all were."""
    result = mnistgd("predict", "-w", "w.npz", "digit.png", "blank.png", "digit.png", "--json")
    assert result.code == 1
    assert [json.loads(line)["image"] for line in result.stdout.splitlines()] == ["digit.png", "digit.png"]
    assert result.stderr.count("error: ") == 1


def test_a_gate_that_is_missed_still_gives_its_result(mnistgd, place):
    result = mnistgd("evaluate", "-w", "w.npz", "--min-accuracy", 1, "--json")
    assert result.code == 3
    assert result.json["accuracy"] < 1
    assert result.stderr.splitlines()[-1].startswith("error: the accuracy, 0.")
    trained = mnistgd(
        "train", "--data", "few.npz", "--out", "gate.npz", "--epochs", 1, "--min-accuracy", 1, "--json"
    )
    assert trained.code == 3
    assert trained.json["weights"] == "gate.npz"
    assert (place / "gate.npz").exists()
    (place / "gate.npz").unlink()
