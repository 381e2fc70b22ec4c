"""Images in CSV files, as Python's own writer, numpy and others write them."""

import csv
import gzip
import io
import tracemalloc

import numpy as np
import pytest

from mnistgd.datasets.readers.csv_files import reader
from mnistgd.datasets.readers.csv_files.reader import has_labels
from mnistgd.errors import DataError

PIXELS = [f"pixel{place}" for place in range(784)]
PLACES = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]


def read_csv(path):
    part, notes = reader.read_csv(path)
    assert notes == ()
    return part


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (12, 784), dtype=np.uint8)


@pytest.fixture(scope="module")
def labels():
    return np.arange(12) % 10


@pytest.fixture
def write(tmp_path):
    """Write bytes, or rows by Python's own writer of such files, and give their path."""

    def file(content, name="a.csv", **form):
        path = tmp_path / name
        if not isinstance(content, bytes):
            text = io.StringIO(newline="")
            csv.writer(text, **form).writerows(content)
            content = text.getvalue().encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return file


def rows_of(images, labels):
    return [[label, *image] for label, image in zip(labels.tolist(), images.tolist(), strict=True)]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("header", [None, ["label", *PIXELS], ["label", *PLACES], ["y", *range(784)]])
def test_the_spellings_in_use(write, images, labels, header, end, name):
    rows = rows_of(images, labels)
    part = read_csv(write([header, *rows] if header else rows, name, lineterminator=end))
    assert part.images.dtype == np.uint8
    assert part.images.tolist() == images.tolist()
    assert part.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_separators(write, images, labels, separator):
    part = read_csv(write(rows_of(images, labels), delimiter=separator))
    assert part.images.tolist() == images.tolist()
    assert part.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    "form",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.rstrip(b"\n"),
        lambda text: text + b"\n\n \n",
        lambda text: text.replace(b"\n", b"\n\n"),
        lambda text: text.replace(b",", b", "),
        lambda text: b"".join(b'"%s"\n' % line.replace(b",", b'","') for line in text.splitlines()),
    ],
    ids=["byte order mark", "no last line end", "empty lines", "doubled lines", "blanks", "quotes"],
)
@pytest.mark.parametrize("header", [[], [["label", *PIXELS]]])
def test_what_other_programs_write(write, images, labels, header, form):
    text = "".join(",".join(map(str, row)) + "\n" for row in header + rows_of(images, labels))
    part = read_csv(write(form(text.encode())))
    assert part.images.dtype == np.uint8
    assert part.images.tolist() == images.tolist()
    assert part.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("header", "order"),
    [
        ([*PIXELS, "class"], "pl"),
        ([*PIXELS, "Label"], "pl"),
        (["letter of hand", *PIXELS], "lp"),
        (["", "label", *PIXELS], "nlp"),
        (["id", *PIXELS, "label"], "npl"),
        (["", *range(785)], "nlp"),
        ([*range(785)], "lp"),
    ],
    ids=["class last", "label last", "an odd word", "rows counted", "id", "pandas's own", "numbers alone"],
)
def test_a_header_says_where_the_labels_are(write, images, labels, header, order):
    rows = []
    for number, (label, image) in enumerate(zip(labels.tolist(), images.tolist(), strict=True), 123_456):
        parts = {"l": [label], "p": image, "n": [number]}
        rows.append([cell for letter in order for cell in parts[letter]])
    part = read_csv(write([header, *rows]))
    assert part.images.tolist() == images.tolist()
    assert part.labels.tolist() == labels.tolist()
    assert has_labels(write([header, *rows]))


@pytest.mark.parametrize("index", [[], [""]], ids=["alone", "rows counted"])
@pytest.mark.parametrize("label", [[], [5]], ids=["no label", "label"])
def test_a_row_that_pandas_took_for_names_is_no_image(write, mnist, images, label, index):
    names = [*label, *mnist.train_images[0].ravel().tolist()]
    unique = [
        f"{name}.{count}" if (count := names[:place].count(name)) else name
        for place, name in enumerate(names)
    ]
    rows = [[*([7] * len(index)), *label, *image] for image in images.tolist()]
    part, notes = reader.read_csv(write([[*index, *unique], *rows]))
    assert len(notes) == 1
    assert notes[0].endswith("line 1 is taken for names: pandas makes such of a row, whose image is lost")
    assert part.images.tolist() == images.tolist()
    assert part.labels is None if not label else part.labels.tolist() == [5] * 12


@pytest.mark.parametrize("names", [PIXELS, [f"x_{place}" for place in range(1, 785)]])
@pytest.mark.parametrize("change", [sorted, lambda names: names[::-1]], ids=["sorted", "backwards"])
def test_columns_that_are_numbered_are_taken_in_the_order_of_their_numbers(write, images, names, change):
    header = change(names)
    order = [names.index(name) for name in header]
    rows = rows_of(images[:, order], np.arange(12))
    part, notes = reader.read_csv(write([["label", *header], *rows]))
    assert part.images.tolist() == images.tolist()
    assert part.labels.tolist() == [*range(12)]
    assert [note.partition(": ")[2] for note in notes] == [
        "the pixels are taken in the order of their numbers, not of their columns"
    ]


def test_a_corner_of_the_images_is_not_taken_for_labels(write, mnist):
    images, labels = mnist.train_images[:200].reshape(200, -1), mnist.train_labels[:200]
    first = images.copy()
    first[:9, 0] = 7
    for pixels in (images, first):
        with pytest.raises(
            DataError, match="has no header, and what should be the label is nearly"
        ) as caught:
            read_csv(write(np.column_stack([pixels, labels]).tolist()))
        assert "called label" in caught.value.hint
    # Few of another class are no sign of it, nor is a border that is not empty.
    rare = (np.arange(200) < 9).astype(int)
    assert read_csv(write(rows_of(images, rare))).labels.tolist() == rare.tolist()
    noise = np.random.default_rng(2).integers(0, 256, images.shape)
    assert read_csv(write(rows_of(noise, rare))).labels.tolist() == rare.tolist()


def test_names_that_pandas_made_of_equal_ones_were_no_image(write, images, labels):
    header = ["label", "pixel", *(f"pixel.{place}" for place in range(1, 784))]
    assert read_csv(write([header, *rows_of(images, labels)])).images.tolist() == images.tolist()


@pytest.mark.parametrize("header", [[], [PIXELS], [["id", *PIXELS]]])
def test_no_labels(write, images, header):
    rows = images.tolist()
    if header and header[0][0] == "id":
        rows = [[number, *row] for number, row in enumerate(rows)]
    path = write(header + rows)
    assert read_csv(path).labels is None
    assert read_csv(path).images.tolist() == images.tolist()
    assert not has_labels(path)


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["a", "b, or c", "é"], "U"),
        ([1, 2, "three"], "U"),
        (["5.0", "6.0", "7.0"], "f"),
        ([1000, -2, 3], "i"),
        ([10**30, 2, 3], "f"),
    ],
)
def test_labels_of_other_kinds(write, images, labels, kind):
    part = read_csv(write([[label, *image] for label, image in zip(labels, images.tolist(), strict=False)]))
    assert part.labels.dtype.kind == kind
    assert part.labels.tolist() == np.array(labels).astype(part.labels.dtype).tolist()
    assert part.images.tolist() == images[:3].tolist()


def test_floats_stay_floats(tmp_path, images, labels):
    path = tmp_path / "a.csv"
    table = np.column_stack([labels, images / 255])
    np.savetxt(path, table, delimiter=",")
    part = read_csv(path)
    np.testing.assert_allclose(part.images, images / 255, rtol=1e-6)
    assert part.images.dtype == np.float32
    assert part.labels.tolist() == labels.tolist()
    # Of black and white alone they are no bytes either.
    np.savetxt(path, np.column_stack([labels, images > 127]), fmt="%.1f", delimiter=" ")
    assert read_csv(path).images.dtype == np.float32


@pytest.mark.parametrize("quoted", [False, True])
def test_many_pieces_are_one(write, monkeypatch, images, labels, quoted):
    rows = rows_of(images, labels) * 5
    path = write(rows, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\r\n")
    for size in (997, 5000, 1 << 20):
        monkeypatch.setattr("mnistgd.datasets.readers.csv_files.rows._PIECE", size)
        part = read_csv(path)
        assert part.images.tolist() == images.tolist() * 5
        assert part.labels.tolist() == labels.tolist() * 5


BAD = {
    "ragged": (lambda row: row[:-1], "has 784 columns, not 785"),
    "too long": (lambda row: [*row, 0], "has 786 columns, not 785"),
    "a word": (lambda row: [*row[:9], "abc", *row[10:]], "has 'abc' in column 10, where a pixel is 0 to 255"),
    "no number of four bytes": (
        lambda row: [*row[:9], "1e39", *row[10:]],
        "has '1e39' in column 10, where a pixel is 0 to 255",
    ),
    "nothing": (lambda row: [*row[:9], "", *row[10:]], "has '' in column 10"),
    "NaN": (lambda row: [*row[:9], "NaN", *row[10:]], "has 'NaN' in column 10"),
    "infinite": (lambda row: [*row[:9], "inf", *row[10:]], "has 'inf' in column 10"),
    "negative": (lambda row: [*row[:9], -1, *row[10:]], "has '-1' in column 10"),
    "too light": (lambda row: [*row[:9], 256, *row[10:]], "has '256' in column 10"),
    "no label": (lambda row: ["", *row[1:]], "has no label"),
    "a long label": (lambda row: ["a" * 41, *row[1:]], "has a label of 41 characters"),
    "an open quote": (lambda row: ['"5', *row[1:]], "has a quote that does not close"),
    "Latin-1": (lambda row: ["\udce9", *row[1:]], "is no text of UTF-8"),
    "an endless cell": (lambda row: ["1" * 30_000, *row[1:]], "is longer than any row"),
}


@pytest.mark.parametrize("sign", [":", "/"])
def test_the_signs_beside_the_digits_are_none(write, images, labels, sign):
    """In a file that has nothing else to keep numpy from working out all rows at once."""
    rows = rows_of(images, labels)
    rows[6][9] = f"1{sign}"
    with pytest.raises(DataError, match=f"line 7 has '1{sign}' in column 10"):
        read_csv(write(rows))


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_row_is_named_by_its_line(write, images, labels, kind):
    change, words = BAD[kind]
    rows = rows_of(images, labels)
    rows[6] = change(rows[6])
    lines = [["label", *PIXELS], [], *rows]
    text = "".join(",".join(map(str, row)) + "\n" for row in lines)
    path = write(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=f"a.csv: line 9 {words}") as caught:
        read_csv(path)
    assert "--skip-bad" in caught.value.hint
    part, (note,) = reader.read_csv(path, skip_bad=True)
    assert part.images.tolist() == np.delete(images, 6, axis=0).tolist()
    assert part.labels.tolist() == np.delete(labels, 6).tolist()
    assert "a.csv: bad lines left out: 1; line 9" in note


ROW = b",".join([b"0"] * 785) + b"\n"
REFUSED = {
    "empty": (b"", "holds no images"),
    "a header alone": (",".join(["label", *PIXELS]).encode(), "holds no images"),
    "text": (b"name,age\nAnn,5\nBob,7\n", "a.csv.*: line 1 has 2 columns"),
    "prose": (b"Call me Ishmael.\nSome years ago\n", "line 1 has 3 columns"),
    "other sizes": (b",".join([b"0"] * 65), "has 65 columns, not those"),
    "two labels": (",".join(["label", "class", *PIXELS]).encode(), "has 786 columns"),
    "a header of no labels": (",".join([*PIXELS, "pixel784"]).encode(), "names no column of labels"),
    "binary": (bytes(range(256)) * 20, "is no text"),
    "16 bits": ("label,pixel0\n".encode("utf-16"), "16-bit characters"),
    "columns without end": (b"0," * 3_000_000, "line 1 is longer than any row"),
    "a line without end": (ROW + b"1" * 3_000_000, "line 2 is longer than any row"),
    "an open quote": (b'"' + ROW + ROW, "line 1 has a quote that does not close"),
    "nothing but NaN": (b",".join([b"nan"] * 785), "in column 2"),
    "decimal commas": (b";".join([b"5", *[b"0,5"] * 784]), "begins with '5', '0,5', … and names no column"),
    "nothing but infinities": (b",".join([b"inf"] * 785), "names no column of labels"),
}


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_what_is_no_such_table(write, kind, name, skip_bad):
    content, words = REFUSED[kind]
    with pytest.raises(DataError, match=words) as caught:
        reader.read_csv(write(content, name), skip_bad=skip_bad)
    assert caught.value.hint


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize("line", [b"\n", b"x\n"], ids=["of nothing", "of nonsense"])
def test_too_many_lines(write, monkeypatch, line, skip_bad):
    monkeypatch.setattr(reader, "MAX_IMAGES", 3000)
    path = write(ROW + line * (20_000_000 // len(line)))
    words = (
        r"line 2 has 1 columns" if line.strip() and not skip_bad else r"has more than 3,000 lines that are no"
    )
    with pytest.raises(DataError, match=words) as caught:
        reader.read_csv(path, skip_bad=skip_bad)
    assert caught.value.hint


def test_more_images_than_are_read(write, monkeypatch):
    monkeypatch.setattr(reader, "MAX_STORED", 3000)
    path = write(ROW * 12_000)
    with pytest.raises(DataError, match="has more than 3,000 images"):
        read_csv(path)


BLANK = b",".join([b"0"] * 785) + b"\n"


@pytest.mark.parametrize("line", [b"\n", BLANK, BLANK.replace(b"0", b"0." + b"0" * 28)], ids=len)
def test_a_bomb(write, line):
    path = write(ROW + line * (60_000_000 // len(line)), "a.csv.gz")
    peak = peak_of(lambda: refused(path, r"unpacks to \d+ times its size|more than 250,000 lines that are"))
    assert peak < 20_000_000


def refused(path, words):
    with pytest.raises(DataError, match=words):
        read_csv(path)


def peak_of(act):
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_black_and_white_as_numpy_writes_it_is_no_bomb(tmp_path, mnist):
    images = mnist.train_images[:400].reshape(-1, 784) > 127
    np.savetxt(tmp_path / "a.csv.gz", images, delimiter=",")
    assert np.array_equal(read_csv(tmp_path / "a.csv.gz").images, images)


def test_rows_take_their_own_memory_twice(write):
    path = write(ROW * 10_000)
    assert peak_of(lambda: read_csv(path)) < 2.5 * 10_000 * 784


def test_a_damaged_gzip_file(write):
    path = write(ROW * 100, "a.csv.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="truncated"):
        read_csv(path)


def test_many_rows(write, mnist):
    """The file that Kaggle has, a tenth of it."""
    images, labels = mnist.train_images[:4200].reshape(-1, 784), mnist.train_labels[:4200]
    path = write([["label", *PIXELS], *rows_of(images, labels)])
    part = read_csv(path)
    assert np.array_equal(part.images, images)
    assert np.array_equal(part.labels, labels)
