import { describe, expect, test } from "bun:test";
import {
  dispositionName,
  locationName,
  outputPath,
  remoteName,
} from "../../../../src/cli/output/filename.ts";
import { HeaderList } from "../../../../src/headers.ts";
import { parseUrl } from "../../../../src/url.ts";

describe("remoteName", () => {
  test.each([
    ["http://h/file.txt", "file.txt"],
    ["http://h/a/b?x=1#f", "b"],
    ["http://h/a%20b", "a%20b"],
    ["http://h/a%2fb", "a%2fb"],
    ["http://h/x;y", "x;y"],
    ["http://h/a\\b", "b"],
    ["http://h/dir/", "dir"],
    ["http://h/dir//", "dir"],
    ["http://h/", "curl_response"],
    ["http://h", "curl_response"],
    ["http://h/x/%2e%2e", "curl_response"],
    ["http://h/.profile", ".profile"],
  ])("of %s is %s", (url, name) => {
    expect(remoteName(parseUrl(url))).toBe(name);
  });

  test("never is a directory, with --path-as-is either", () => {
    expect(remoteName(parseUrl("http://h/x/..", { pathAsIs: true }))).toBe("curl_response");
  });
});

describe("dispositionName", () => {
  test.each([
    ["attachment; filename=a.txt", "a.txt"],
    ['attachment; filename="a b.txt"; x=y', "a b.txt"],
    ["attachment; filename=a b.txt; x=y", "a b.txt"],
    ["filename=solo", "solo"],
    ["attachment;filename=near", "near"],
    ["attachment; xfilename=no; filename=yes", "yes"],
    ['attachment; x="filename=in;filename=in"; filename=out', "out"],
    ["attachment; filename=a;filename=b", "a"],
    ['attachment; filename="unterminated', "unterminated"],
    ['attachment; filename="a\\"b"', "a"],
    ["attachment; filename=a%20b", "a%20b"],
    ["attachment; filename=caf\xe9", "caf\xe9"],
    ['attachment; filename="../../etc/x"', "x"],
    ['attachment; filename="C:\\dir\\f.txt"', "f.txt"],
    ["attachment; filename=.bashrc", "_bashrc"],
    ["attachment; filename=../.ssh/.rc", "_rc"],
    ["attachment; filename=...", "_.."],
    ['attachment; filename="a\x1b[2Jb\0c\x7f"', "a_[2Jb_c_"],
    ['attachment; filename="\x01.hidden"', "_.hidden"],
    ["attachment; filename*=UTF-8''a.txt", null],
    ["attachment; FILENAME=up", null],
    ["attachment; filename", null],
    ["attachment", null],
    ["", null],
    ['attachment; filename=""', null],
    ["attachment; filename=.", null],
    ["attachment; filename=..", null],
    ["attachment; filename=a/", null],
    ["attachment; filename=a/..", null],
  ])("of %j is %j", (value, name) => {
    expect(dispositionName(new HeaderList([["Content-Disposition", value]]))).toBe(name);
  });

  test("is the first that can be used of several", () => {
    const fields = new HeaderList([
      ["content-disposition", "attachment; filename=.."],
      ["content-disposition", "attachment; filename=one"],
      ["content-disposition", "attachment; filename=two"],
    ]);
    expect(dispositionName(fields)).toBe("one");
  });
});

describe("locationName", () => {
  test.each([
    ["/files/a.tar?x=/y", "a.tar"],
    ["https://other.example/b.iso", "b.iso"],
    ["//other.example/c", "c"],
    ["d", "d"],
    ["/x/.hidden", "_hidden"],
    ["/..\\..\\e", "e"],
    ["https://other.example", null],
    ["/", null],
    ["..", null],
  ])("of %s is %j", (location, name) => {
    expect(locationName(location)).toBe(name);
  });
});

describe("outputPath", () => {
  test.each([
    [null, "f", "f"],
    ["d", "f", "d/f"],
    ["d/e", "/abs", "d/e//abs"],
  ])("in %j of %s is %s", (dir, name, path) => {
    expect(outputPath(dir, name)).toBe(path);
  });
});
