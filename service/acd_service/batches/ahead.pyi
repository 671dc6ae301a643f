from typing import final

@final
class Ahead: ...
