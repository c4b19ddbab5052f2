"""The page of official codes: changed by admins, versions kept, CSV in and out."""

from tests.integration.console.conftest import SignedIn


async def test_an_admin_enters_codes_and_every_version_is_kept(signed_in: SignedIn) -> None:
    admin, boss = await signed_in("admin"), await signed_in("chen.zhuguan")
    assert "未核实" in (await boss.get("/codes")).text
    entered = {
        "system": "GB/T 39666-2020",
        "version": "0",
        "code-outage": "=0101",
        "name-outage": "供水 <停水>",
        "source-outage": "表A.1",
        "verified-outage": "1",
    }
    assert (await boss.post("/codes", data=entered)).status_code == 403
    saved = await admin.post("/codes", data=entered)
    assert saved.status_code == 303
    assert (await admin.post("/codes", data=entered)).status_code == 409  # meanwhile version 1
    page = (await boss.get(saved.headers["location"])).text
    assert "第 1 版" in page
    assert "供水 &lt;停水&gt;" in page
    assert 'name="code-outage"' not in page

    report = (await boss.get("/report?from=2026-01-01&to=2026-12-31")).text
    assert "=0101 供水 &lt;停水&gt;" in report

    given = await boss.get("/codes/file")
    assert given.content.startswith(b"\xef\xbb\xbf")
    assert '"\'=0101"' in given.text
    province = {"system": "DB61 陕西"}
    file = {"file": ("codes.csv", given.content, "text/csv")}
    assert (await boss.post("/codes/file", data=province, files=file)).status_code == 403
    loaded = await admin.post("/codes/file", data=province, files=file)
    assert loaded.status_code == 303
    assert "=0101" in (await boss.get(loaded.headers["location"])).text
    report = (await boss.get("/report?from=2026-01-01&to=2026-12-31&codes=DB61 陕西")).text
    assert "<option selected>DB61 陕西</option>" in report


async def test_codes_that_cannot_stand_are_refused_in_words(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    unsourced = {"system": "X", "version": "0", "verified-outage": "1", "code-outage": "1"}
    answer = await admin.post("/codes", data=unsourced)
    assert answer.status_code == 422
    assert "须写明代码和依据" in answer.text
    for content in (b"nothing", b"category,code\nroofs,1\n"):
        answer = await admin.post(
            "/codes/file", data={"system": "X"}, files={"file": ("a.csv", content, "text/csv")}
        )
        assert answer.status_code == 422
