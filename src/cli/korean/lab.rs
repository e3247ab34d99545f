//! The lab, explained in Korean.

use super::translation::{TEMPLATE, Translation};

pub(super) const KOREAN: Translation = Translation {
    about: "이 프로그램이 곧 전선인 실험: 예상하고, 실행하고, 모든 세그먼트를 봄",
    usage: "glasshttp lab [옵션] [EXPERIMENT] [-- <CLIENT>...]",
    template: TEMPLATE,
    arguments: &[
        ("experiment", "실험의 이름이나 번호. 없으면 목록"),
        ("answer", "예상하는 답. 없으면 물어봄"),
        ("textbook", "교과서의 TCP: SACK, 타임스탬프, 윈도 스케일링, RACK, TLP 없이"),
        ("wire", "실험의 것 대신 쓸 전선의 지연, 속도, 규칙"),
        ("json", "JSON 문서 하나로 출력: 사실, 세그먼트, 호출"),
        ("pcapng", "Wireshark로 열 수 있는 캡처 파일을 씀"),
        ("svg", "그림을 SVG로 씀"),
        ("blank", "그림에서 값 다섯 개를 비워 두고 물어봄"),
        (
            "record",
            "모든 실험(또는 DIR 뒤에 이름을 적은 실험)을 실행하고 각각을 이 폴더에 JSON과 SVG로, 모두 보여 주는 페이지와 함께 씀(보기: glasshttp DIR)",
        ),
        ("server", "직접 만든 서버(셸 명령). -- 뒤에 클라이언트가 필요함"),
        ("client", "직접 만든 클라이언트: 프로그램과 인자"),
    ],
    after: "예:
  glasshttp lab                         실험 목록
  glasshttp lab lost-segment            예상하고, 실행하고, 보고, 이해하기
  glasshttp lab 9 --wire '>data:1,2 drop'
  glasshttp lab close --textbook --pcapng close.pcapng
  glasshttp lab --server 'python3 server.py' -- python3 client.py
  glasshttp lab -- curl http://10.0.0.2/     이 프로그램의 서버와 curl

직접 만든 프로그램: 클라이언트는 10.0.0.1, 서버는 10.0.0.2(server.lab.kr)입니다.
서버가 연결을 기다리거나 UDP 포트를 열면 클라이언트를 시작하고,
클라이언트가 끝나고 1초 뒤에 서버를 끝냅니다.

전선의 규칙: 지연(50ms), 속도(4m: 4 Mbit/s), 그리고 어떤 패킷을 어떻게 할지.
패킷은 방향(> 서버 쪽, < 클라이언트 쪽), 종류(syn, ack, data, fin, rst, udp,
any), 몇 번째인지(:1,3이나 :2-4)로 고르고, 그 뒤에 동작(drop, hold=5ms,
double, damage, cut=1s)을 씁니다.
쓰지 않은 것은 그대로입니다. 지연만 쓰면 속도와 규칙은 남습니다. 규칙을 쓰면
실험의 규칙을 모두 대신하고, clean은 규칙을 모두 없앱니다. 실험의 부분 가운데
일부에만 규칙이 있으면 규칙은 그 부분에만 적용됩니다. 나머지는 비교할 부분이므로
그대로 둡니다. 100g는 속도 제한이 없는 것과 같습니다.",
};
