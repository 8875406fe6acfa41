"""Headers of delimited text: which are found, what their columns mean, and what is none."""

import datetime as dt

import numpy as np
import pytest

from loganomaly.floods import FloodSettings
from loganomaly.reading.detect import Detected, detect
from loganomaly.reading.header import find_headers
from loganomaly.scan.chunk import Chunk, scan
from loganomaly.scan.search import Search
from loganomaly.testing import ReadRecord, read_text

# As the tools write them: format, lines, and time, severity, component, status and message of each record.
EXPORTS = {
    "Event Viewer": (
        "csv",
        """Level,Date and Time,Source,Event ID,Task Category
Information,3/14/2026 9:26:53 AM,Service Control Manager,7036,None,The Spooler service is running.
Error,3/14/2026 9:26:54 PM,Application Error,1000,(100),"Faulting application name: x.exe

Faulting module path: C:\\x.dll"
""",
        [
            (
                "2026-03-14T09:26:53",
                "INFO",
                "Service Control Manager",
                None,
                "The Spooler service is running.",
            ),
            ("2026-03-14T21:26:54", "ERROR", "Application Error", None, "Faulting application name: x.exe"),
        ],
    ),
    "PowerShell": (
        "csv",
        """#TYPE Selected.System.Diagnostics.Eventing.Reader.EventLogRecord
"TimeCreated","Id","LevelDisplayName","ProviderName","Message"
"3/14/2026 9:26:53 AM","7036","Warning","DNS Client Events","Name resolution timed out"
""",
        [("2026-03-14T09:26:53", "WARNING", "DNS Client Events", None, "Name resolution timed out")],
    ),
    "IIS": (
        "w3c",
        """#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status time-taken
2026-03-14 09:26:53 10.0.0.1 GET /a id=1 443 192.0.2.1 Mozilla/5.0+(X11) 404 15
#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-sitename cs-method cs-uri-stem sc-status time-taken
2026-03-14 09:26:54 W3SVC1 GET /b 500 15
""",
        [
            ("2026-03-14T09:26:53", "WARNING", None, 404, "GET /a id=1"),
            ("2026-03-14T09:26:54", "ERROR", "W3SVC1", 500, "GET /b"),
        ],
    ),
    "IIS, time only": (
        "w3c",
        "#Date: 2026-03-14 09:26:53\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n09:26:53 ::1 USER ada 331\n",
        [("2026-03-14T09:26:53", "INFO", None, 331, "USER ada")],
    ),
    "CloudFront": (
        "w3c",
        (
            "#Version: 1.0\n#Fields: date time x-edge-location cs-method cs(Host) cs-uri-stem sc-status\n"
            "2026-03-14\t09:26:53\tFRA2\tGET\td1.cloudfront.net\t/a.png\t200\n"
        ),
        [("2026-03-14T09:26:53", "INFO", None, 200, "GET\td1.cloudfront.net\t/a.png")],
    ),
    "Zeek": (
        "zeek",
        (
            "#separator \\x09\n#path\thttp\n#fields\tts\tuid\tmethod\thost\turi\tstatus_code\n#types\ttime\tstring\t"
            'string\tstring\tstring\tcount\n1773480413.5\tC1\tGET\tshop\t/a "b\t404\n#close\t2026-03-14-09-26-55\n'
        ),
        [("2026-03-14T09:26:53.500000", "WARNING", None, 404, 'GET\tshop\t/a "b')],
    ),
    "VPC flow logs": (
        "columns",
        """version account-id interface-id srcaddr dstaddr protocol packets bytes start end action log-status
2 111122223333 eni-0a1b 198.51.100.7 10.0.3.4 6 20 4249 1773480413 1773480473 REJECT OK
""",
        [
            (
                "2026-03-14T09:26:53",
                None,
                "eni-0a1b",
                None,
                "2 111122223333 eni-0a1b 198.51.100.7 10.0.3.4 6 20 4249 1773480413 1773480473 REJECT OK",
            )
        ],
    ),
    "Google Cloud": (
        "csv",
        """insertId,jsonPayload.message,logName,receiveTimestamp,severity,textPayload,timestamp
1a,"order 17 failed, late",run,2026-03-14T09:26:59Z,ERROR,,2026-03-14T09:26:53Z
1b,,run,2026-03-14T09:26:59Z,INFO,ready on port 8080,2026-03-14T09:26:54Z
""",
        [
            ("2026-03-14T09:26:53", "ERROR", "run", None, "order 17 failed, late"),
            ("2026-03-14T09:26:54", "INFO", "run", None, "ready on port 8080"),
        ],
    ),
    "Datadog": (
        "csv",
        'Date,Host,Service,Status,Message\n"2026-03-14T09:26:53.000Z","web-1","shop","error","order 17 failed, late"\n',
        [("2026-03-14T09:26:53", "ERROR", "shop", None, "order 17 failed, late")],
    ),
    "Kibana": (
        "csv",
        '"@timestamp","host.name","log.level",message\n"Mar 14, 2026 @ 09:26:53.000",web-1,error,"a, b"\n',
        [("2026-03-14T09:26:53", "ERROR", None, None, "a, b")],
    ),
    "Loki": (
        "csv",
        'labels,Time,Line,tsNs,id\n"{""app"":""shop""}",1773480413000,"a, b",1773480413000000000,17_ab\n',
        [("2026-03-14T09:26:53", None, None, None, "a, b")],
    ),
    "Splunk": (
        "csv",
        '"_raw","_time",host,source\n"order 17 failed\n at line 3","2026-03-14T09:26:53.000+0100","web-1",a.log\n',
        [("2026-03-14T08:26:53", None, "a.log", None, "order 17 failed")],
    ),
    "a spreadsheet": (
        "csv",
        "Date;Time;Level;Text\n14.03.2026;09:26;error;late; very late\n15.03.2026;09:27;info;done\n",
        [
            ("2026-03-14T09:26:00", "ERROR", None, None, "late; very late"),
            ("2026-03-15T09:27:00", "INFO", None, None, "done"),
        ],
    ),
    "names in another language": (
        "csv",
        (
            "Zeitpunkt;Stufe;Rechner;Bemerkung\n2026-03-14 09:26:53;ERROR;web-1;Auftrag 17 ist fehlgeschlagen\n"
            "2026-03-14 09:26:54;INFO;web-1;Auftrag 18 ist fertig\n"
        ),
        [
            ("2026-03-14T09:26:53", "ERROR", None, None, "Auftrag 17 ist fehlgeschlagen"),
            ("2026-03-14T09:26:54", "INFO", None, None, "Auftrag 18 ist fertig"),
        ],
    ),
    "numbers without a message": (
        "tsv",
        "Timestamp\tHost\tCPU\n2026-03-14 09:26:53\tweb-1\t17\n",
        [("2026-03-14T09:26:53", None, None, None, "web-1\t17")],
    ),
}
MOMENT = dt.datetime(2026, 3, 14, 9, 26, 53, tzinfo=dt.UTC)


def shown(record: ReadRecord) -> tuple[object, ...]:
    time = record.time and record.time.replace(tzinfo=None).isoformat()
    return time, record.level, record.component, record.status, record.message


def found(text: str) -> Detected:
    return detect(text.encode(), modified=dt.datetime(2026, 3, 15, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(("name", "text", "records"), EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_export_is_read_by_its_columns(name, text, records, end):
    detected = found(text.replace("\n", end))
    assert detected.name == name
    read = [shown(record) for record in read_text(text.replace("\n", end).encode(), tables=detected.tables())]
    assert read == records


@pytest.mark.parametrize(("text", "records"), [export[1:] for export in EXPORTS.values()], ids=EXPORTS)
def test_all_lines_are_of_records_or_stray(text, records):
    data = text.encode() * 2
    lines = data.count(b"\n")
    chunk = Chunk(source=0, data=np.frombuffer(data, np.uint8))
    sources = scan(chunk, detect(data).tables(), search=Search(floods=FloodSettings())).profile.sources
    assert sources["lines"].item() == lines
    assert sources["records"].item() == 2 * len(records)
    assert 2 <= sources["stray"].item() < lines


NONE = {
    "prose": "Call me Ishmael, please\nSome years ago, I\nhaving little, or no money\nand nothing, to interest\n",
    "python logging": "Starting up, please wait\n" + "2026-03-14 09:26:53,589 - shop - ERROR - late\n" * 5,
    "pipes without a header": "INFO|main|ready\nWARN|main|late\nINFO|main|done\n",
    "a header and nothing else": "Time,Level,Message\n",
    "an indented line of a trace": "2026-03-14 09:26:53,589 - shop - it failed\n  File x, line\n" * 5,
    "numbers in front": "1,2,3\n4,5,6\n7,8,9\n",
    "key and value": "host: web-1, port: 80\nhost: web-2, port: 81\nhost: web-3, port: 82\n",
    "fields without names": "#Fields:\n2026-03-14 09:26:53 x\n",
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_what_only_looks_like_a_header_is_none(text):
    assert find_headers(text.encode().splitlines()) is None


def test_a_table_without_a_time_is_read_row_by_row():
    text = "Label,Size,Kind\n" + "".join(f"n{i},{i},file\n" for i in range(5))
    records = read_text(text.encode(), tables=found(text).tables())
    assert [record.message for record in records] == [f"n{i},{i},file" for i in range(5)]


def test_lines_of_another_format_among_rows_are_read_as_well():
    rows = "".join(f"2026-03-14 09:26:{i:02},info,row {i}\n" for i in range(60))
    other = "Mar 14 09:26:53 web-1 sshd[7]: closed\n" * 20
    text = f"Time,Level,Message\n{rows}{other}"
    records = read_text(text.encode(), tables=found(text).tables())
    assert (len(records), records[-1].component, records[-1].message) == (80, "sshd", "closed")


def test_lines_within_quotes_do_not_count_as_lines_of_another_format():
    rows = '2026-03-14 09:26:53,error,"failed\nMar 14 09:26:53 web-1 sshd[7]: closed"\n' * 20
    detected = found(f"Time,Level,Message\n{rows}")
    assert [layout.format for layout in detected.layouts] == ["csv"]
    assert (detected.share, detected.loose) == (1.0, False)


@pytest.mark.parametrize("first", ["sep=,", "Export of 14 March"])
def test_a_header_may_stand_below_a_title(first):
    text = f"{first}\nTime,Level,Message\n2026-03-14 09:26:53,error,late\n2026-03-14 09:26:53,error,later\n"
    records = read_text(text.encode(), tables=found(text).tables())
    assert [(r.line, r.time, r.message) for r in records[1:]] == [(2, MOMENT, "late"), (3, MOMENT, "later")]
