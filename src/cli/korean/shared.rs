//! Options of every command that serves, explained in Korean.

pub(super) const PORT: &str =
    "연결을 기다릴 포트. 0이면 비어 있는 아무 포트 [기본값: 8080, 쓰이고 있으면 그다음 빈 포트]";
pub(super) const LAN: &str = "모든 인터페이스에서 연결을 기다림(근거리 네트워크용)";
pub(super) const OPEN: &str = "사이트를 브라우저로 엶";
pub(super) const LOG: &str = "표준 출력에 쓸 로그. story: 연결마다 SYN부터 끝까지 풀어 쓴 이야기, short: 요청마다 한 줄, common: 교환마다 한 줄(Common Log \
             Format), combined: 같은 줄에 Referer와 User-Agent까지, json: 연결마다 JSON 하나(docs/records.md), json-requests: 교환마다 걸린 시간까지 JSON 하나, pcapng: \
             wireshark -k -i -로 볼 패킷 전체, off: 없음 [기본값: 터미널이면 short, 아니면 common]";
pub(super) const WATCH: &str =
    "실시간 페이지의 위치: PORT, ADDRESS 또는 ADDRESS:PORT [기본값: 루프백에서만 제공할 때 8081이나 그다음 빈 포트]";
pub(super) const NO_WATCH: &str = "실시간 페이지를 열지 않음. --watch와 함께 쓰면 그곳에 /metrics만 있음";
