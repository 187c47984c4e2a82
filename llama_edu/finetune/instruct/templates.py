"""The chat templates that the family was trained with, and a short one for small models.

A template turns a conversation into one text. `render_chat` fills it; what is said here of spaces
and line ends counts, since a model that was trained with one line end less has never seen this one.
"""

from llama_edu.tokenizer.formats.llama3 import CHAT_TEMPLATE as LLAMA3

__all__ = ["CHATML", "LLAMA2", "LLAMA3", "SHORT"]

# Every exchange is a text of its own, from <s> to </s>; the system's words stand inside the first
# question. Source: meta-llama/llama (main), llama/generation.py, chat_completion.
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}"
    "{% set opening = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n' %}"
    "{% set turns = messages[1:] %}"
    "{% else %}{% set opening = '' %}{% set turns = messages %}{% endif %}"
    "{% for turn in turns %}"
    "{% if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('user and assistant must take turns, the user first') }}{% endif %}"
    "{% if turn['role'] == 'user' %}"
    "{% set content = (opening if loop.first else '') + turn['content'] %}"
    "{{ bos_token + '[INST] ' + content | trim + ' [/INST]' }}"
    "{% else %}{{ ' ' + turn['content'] | trim + ' ' + eos_token }}{% endif %}"
    "{% endfor %}"
)

# SmolLM2's own, less the system's words that it puts in where there are none.
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

# Ours: one token opens a turn, and the assistant's is closed. A question costs three tokens.
SHORT = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
