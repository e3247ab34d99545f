//! Serving, explained in Korean.

use super::shared;
use super::translation::{TEMPLATE, Translation};

pub(super) const KOREAN: Translation = Translation {
    about: "속이 들여다보이는 작은 HTTP/1.0 웹 서버",
    usage: "glasshttp [옵션] [DIR]\n        glasshttp <명령>",
    template: TEMPLATE,
    arguments: &[
        ("folder", "제공할 폴더 [기본값: ./public이 있으면 그 폴더, 없으면 현재 폴더]"),
        ("help", "도움말 출력"),
        ("version", "버전 출력"),
        ("port", shared::PORT),
        (
            "bind",
            "연결을 기다릴 주소나 유닉스 소켓(unix:경로). 앞에 proxy:를 붙이면 PROXY 프로토콜로 받음. 여러 번 쓸 수 있음 [기본값: 127.0.0.1과 ::1]",
        ),
        (
            "trust",
            "이 프록시(주소, 네트워크, 유닉스 소켓이면 unix)가 알려 주는 클라이언트를 믿음(Forwarded, X-Forwarded-For). 여러 번 쓸 수 있음",
        ),
        ("lan", shared::LAN),
        (
            "hosts",
            "localhost 말고도 응답할 호스트 이름. 여러 번 쓸 수 있고 *는 모두 [--bind나 --lan을 쓰고 이름을 주지 않으면: 모두]",
        ),
        ("spa", "없는 경로에는 맨 위 폴더의 index.html로 응답"),
        ("hidden", "점으로 시작하는 이름도 제공하고 목록에 넣음"),
        ("no_listing", "index.html이 없는 폴더에는 목록 대신 404로 응답"),
        ("follow_symlinks", "폴더 밖으로 나가는 심볼릭 링크를 따라감"),
        ("headers", "사이트의 모든 응답에 헤더 필드를 더함. 여러 번 쓸 수 있음"),
        (
            "cache_control",
            "파일, 또는 GLOB에 맞는 파일의 Cache-Control. 여러 번 쓸 수 있고 마지막으로 맞는 것을 따름 [기본값: no-cache]",
        ),
        ("open", shared::OPEN),
        ("log", shared::LOG),
        ("watch", shared::WATCH),
        ("no_watch", shared::NO_WATCH),
        ("lang", "메시지, 페이지, 폴더 목록의 언어: en, ko [기본값: LC_ALL, LC_MESSAGES, LANG에 따름]"),
        (
            "model",
            "클라이언트를 맡는 방식. iterative: 차례로 하나씩, process: 각각 프로세스 하나로, thread: 각각 스레드 하나로, \
             multiplex: 이벤트 루프로 모두 함께",
        ),
        ("workers", "multiplex 모델의 이벤트 루프 수 [기본값: 코어마다 하나]"),
        ("keep_alive", "이 시간(초) 동안 요청이 없는 keep-alive 연결을 닫음. 0이면 유지하지 않음"),
        ("timeout", "요청 헤더를 기다리는 시간(초). 응답을 받아 가지 않는 클라이언트는 그 세 배까지 기다림"),
        ("grace", "종료 명령을 받은 뒤 진행 중인 연결을 마무리하는 시간(초)"),
        ("linger", "종료 명령을 받은 뒤에도 이 시간(초) 동안 새 연결을 받고, 응답마다 연결을 닫음"),
        ("max_connections", "동시에 맡는 연결 수. 나머지는 백로그에서 기다림 [기본값: 1024, multiplex는 65536]"),
        ("backlog", "accept를 기다릴 수 있는 연결 수"),
        (
            "user",
            "root로 시작했을 때 파일을 읽고 제공할 사용자(이름이나 UID) [기본값: sudo를 쓴 사용자, 아니면 폴더의 주인, \
             아니면 nobody]",
        ),
        ("no_sandbox", "샌드박스를 끔. 샌드박스가 동작하지 않는 커널에서 씀"),
        ("cache", "이벤트 루프마다 제공한 파일을 담아 둘 메모리(MiB). 0이면 담지 않음"),
    ],
    after: "예:
  glasshttp                        ./public 또는 현재 폴더를 제공
  glasshttp -p 3000 dist           dist를 http://localhost:3000/에서 제공
  glasshttp --lan photos           photos를 근거리 네트워크에 공유
  glasshttp fetch localhost:8080   URL을 가져오면서 각 단계를 보여 줌
  glasshttp lesson --open          브라우저와 서버 사이에서 일어나는 일을 봄

Ctrl-C를 누르면 진행 중인 응답을 마친 뒤 멈춥니다(우아한 종료).",
};
