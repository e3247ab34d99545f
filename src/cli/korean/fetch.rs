//! Fetching, explained in Korean.

use super::translation::Translation;

pub(super) const KOREAN: Translation = Translation {
    about: "URL을 가져오면서 각 단계를 보여 줌",
    usage: "glasshttp fetch [옵션] <URL>...",
    template: "\
이름
  glasshttp fetch - {about}

사용법
  {usage}

설명
  평문 HTTP로 URL을 가져오면서 이름, 연결, 요청, 응답, 종료를 시각과 함께 보여
  줍니다. 응답 본문은 표준 출력이나 파일(-o, -O)에 쓰고, 이야기는 표준 오류에
  씁니다. -q는 이야기를 빼고, --json은 둘 대신 JSON을 출력합니다.

  네트워크에서 볼 수 있는 것은 http://뿐이어서 http://만 지원합니다.

옵션
{all-args}

{after-help}",
    arguments: &[
        ("urls", "가져올 URL. http://는 빼도 됨"),
        ("http", "사용할 HTTP 버전: 0.9, 1.0, 1.1"),
        ("head", "응답 헤더만 요청하고(HEAD) 출력"),
        ("method", "사용할 메서드 [기본값: GET, --data가 있으면 POST]"),
        ("data", "폼으로 보낼 데이터(POST). 여러 번 쓰면 &로 이음"),
        ("data_file", "보낼 파일(POST). -는 표준 입력"),
        ("headers", "보낼 헤더 필드. 여러 번 쓸 수 있음"),
        ("follow", "리다이렉트를 열 번까지 따라감"),
        ("keep_alive", "연결을 유지하고 다음 URL에 다시 사용"),
        ("ipv4", "IPv4만 사용"),
        ("ipv6", "IPv6만 사용"),
        ("repeat", "URL마다 이 횟수만큼 가져옴"),
        ("half_close", "요청을 보낸 뒤 보내는 쪽을 닫음(하프 클로즈)"),
        ("dribble", "이 간격으로 1바이트씩 보냄. 예: 5ms"),
        ("read_rate", "작은 수신 버퍼로 초당 이만큼만 읽음. 예: 100k"),
        ("abort_after", "본문을 이만큼 받으면 연결을 리셋. 예: 1k"),
        ("timeout", "이름, 연결, 헤더, 그리고 보내거나 받는 본문의 다음 바이트를 각각 기다리는 시간(초)"),
        ("output", "본문을 쓸 파일. 다 받을 때까지는 FILE.part"),
        ("remote_name", "본문을 URL에 있는 이름의 파일에 씀"),
        ("continue", "같은 URL에서 GET으로 받다 만 파일을 이어받음. 다른 메서드나 본문으로 받는 것은 처음부터 받음"),
        ("fail", "상태 코드 400 이상을 실패로 보고 본문을 버림"),
        ("quiet", "이야기와 진행 상황을 보여 주지 않음"),
        ("verbose", "요청과 응답의 헤더도 보여 줌(--heads도 같음)"),
        ("json", "본문과 이야기 대신 기록을 JSON으로 출력"),
        ("har", "브라우저 개발자 도구에서 열 수 있는 HAR 1.2 파일을 씀(-는 표준 출력)"),
        ("dns", "시스템의 네임 서버 대신 물어볼 네임 서버"),
        ("trace_dns", "DNS 루트에서 이름까지 내려가며 위임을 하나씩 보여 줌"),
        ("root", "루트로 삼을 서버. 여러 번 쓸 수 있음"),
        (
            "watch",
            "서버 쪽도 보여 주려고 읽을 실시간 페이지의 위치나 JSON 로그 [기본값: 이 컴퓨터의 glasshttp라면 포트 8081]",
        ),
    ],
    after: "\
종료 상태
    0  응답을 다 받음
    1  이 컴퓨터의 파일, 표준 출력, 소켓에 문제가 있음
    2  잘못된 명령줄
    3  이름의 주소가 없음
    4  연결이 거부됨: 기다리는 서버가 없거나 방화벽이 막음
    5  주소에 닿을 수 없음
    6  시간 초과
    7  서버가 연결을 리셋함
    8  응답의 형식이 잘못됨
    9  응답이 중간에 끊겼거나 없음
   10  상태 코드가 400 이상(--fail을 쓸 때)
   11  리다이렉트를 따라가지 않음: 너무 많거나 스킴이 다름
  130  Ctrl-C로 중단. 받은 부분은 남김
  URL이 여럿이면 처음 실패한 URL의 값입니다.

예
  glasshttp fetch localhost:8080                    모든 단계를 봄
  glasshttp fetch -q -o page.html http://a.kr/      조용히 파일로 저장
  glasshttp fetch -C -O http://a.kr/big.iso         이어받기
  glasshttp fetch -L -v http://a.kr/old             리다이렉트와 헤더를 봄
  glasshttp fetch -d 'name=Ada' localhost:8080      폼을 POST로 보냄
  glasshttp fetch -k --repeat 3 localhost:8080      연결 하나를 다시 사용
  glasshttp fetch --trace-dns http://a.kr/          DNS를 루트부터 따라감

  fetch라는 폴더를 제공하려면: glasshttp ./fetch",
};
